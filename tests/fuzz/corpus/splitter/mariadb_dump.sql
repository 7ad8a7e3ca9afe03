/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
DROP TABLE IF EXISTS `tab;le`;
CREATE TABLE `tab;le` (
  `a``b` int(11) NOT NULL AUTO_INCREMENT, # a comment; here
  `c` varchar(10) DEFAULT 'x\';' COMMENT "y\";",
  PRIMARY KEY (`a``b`)
) ENGINE=InnoDB;
INSERT INTO `tab;le` VALUES (1,'a\\'),(2--1,'b''c'),(3,0x00FF);
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON `tab;le` FOR EACH ROW
BEGIN
  SET NEW.c = 'z;';
END */;;
DELIMITER ;
/*!50001 CREATE VIEW `v` AS SELECT 1 AS `;` */;
DELIMITER $$
SELECT 1$$ SELECT a$b, 2 $$
DELIMITER ;
-- last
